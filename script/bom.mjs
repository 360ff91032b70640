// Prints the bill of materials (CycloneDX) of what is shipped: the api, the worker and the packages they run on.
//
// npm writes it, but its --omit=dev also leaves out packages that are for development in one workspace and for production in
// another (npm 11), so everything is asked for and the rest taken out here, by what the lock says.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ARROWS } from "./arrows.mjs";

const SHIPPED_APPS = ["@repl/api", "@repl/worker"];

/** Our packages that the named ones run on, themselves included. */
function closureOf(names, arrows = ARROWS) {
  const found = new Set(names);
  for (const name of found) for (const other of arrows[name] ?? []) found.add(other);
  return found;
}

/** `name@version` of what the lock (parsed) says is shipped: not for development, not even where production has it as an option. */
function shippedRefs(lock) {
  const ours = closureOf(SHIPPED_APPS);
  return new Set(
    Object.entries(lock.packages)
      .map(([place, entry]) => ({ ...entry, isOurs: !place.includes("node_modules/"), place }))
      .filter(({ isOurs, name, link, dev, devOptional }) => (isOurs ? ours.has(name) : !link && !dev && !devOptional))
      .map(({ name, place, version }) => `${name ?? place.slice(place.lastIndexOf("node_modules/") + 13)}@${version}`),
  );
}

/** npm's bill of everything, without what is not shipped. */
function shippedOnly(bom, lock) {
  const shipped = shippedRefs(lock);
  const components = bom.components.filter((component) => shipped.has(component["bom-ref"]));
  const refs = new Set([bom.metadata.component["bom-ref"], ...components.map((component) => component["bom-ref"])]);
  const dependencies = bom.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) }));
  return { ...bom, components, dependencies };
}

function main() {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const args = ["sbom", "--package-lock-only", "--sbom-format=cyclonedx", "--sbom-type=application"];
  const text = execFileSync("npm", args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 2 ** 26,
  });
  const lock = JSON.parse(readFileSync(`${root}/package-lock.json`, "utf8"));
  console.log(JSON.stringify(shippedOnly(JSON.parse(text), lock), undefined, 2));
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) main();
