// Adds an image to an OCI layout. usage: node add-image.ts LAYOUT NAME CONFIG_JSON LAYER.tar...
import process from "node:process";
import { addImage } from "./layout.ts";

const [layout, name, config, ...layers] = process.argv.slice(2);
if (layout === undefined || name === undefined || config === undefined || layers.length === 0) {
  process.stderr.write("usage: node add-image.ts LAYOUT NAME CONFIG_JSON LAYER.tar...\n");
  process.exit(2);
}
await addImage(layout, name, JSON.parse(config) as object, layers);
