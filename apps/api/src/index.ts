// Describing

export { interfaceDocument } from "./interface-document.ts";
