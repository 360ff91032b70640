// The page as files to serve
export { loadPage, type Page, type PageFile } from "./load-page.ts";
