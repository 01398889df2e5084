#!/usr/bin/env node
// Starts the built CLI. Kept to syntax that an old Node can parse, so that it can say what is wrong.
import { spawn } from "child_process";
import { existsSync, readFileSync } from "fs";
import { constants } from "os";
import { fileURLToPath } from "url";

const root = new URL("../", import.meta.url);
const here = (path) => fileURLToPath(new URL(path, root));
const [major, minor] = process.versions.node.split(".").map(Number);
const oldNode = major < 22 || (major === 22 && minor < 15); // 22.15: zstd in node:zlib
const bundledNode = here(process.platform === "win32" ? "node_modules/node/bin/node.exe" : "node_modules/node/bin/node");

if (process.argv.length === 3 && (process.argv[2] === "--version" || process.argv[2] === "-v")) {
  process.stdout.write("evscope " + JSON.parse(readFileSync(here("package.json"), "utf8")).version + "\n");
} else if (oldNode && existsSync(bundledNode)) {
  const child = spawn(bundledNode, process.argv.slice(1), { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    // Ctrl-C in a terminal reaches the child twice; it takes signals at the same moment for one
    process.on(signal, () => child.kill(signal));
  }
  child.on("error", (error) => {
    process.stderr.write("evscope cannot start the Node it brought (" + error.code + "): run `npm ci` again.\n");
    process.exit(2);
  });
  child.on("exit", (code, signal) => process.exit(code === null ? 128 + (constants.signals[signal] || 15) : code));
} else if (oldNode) {
  process.stderr.write(
    "evscope needs Node 22.15 or newer, this is " +
      process.versions.node +
      ": install a newer Node, or run `npm ci` here, which brings one.\n",
  );
  process.exit(2);
} else if (!existsSync(here("dist/main.js"))) {
  process.stderr.write("evscope is not built yet: run `npm run build`.\n");
  process.exit(2);
} else {
  import("node:module")
    .then((module) => module.enableCompileCache && module.enableCompileCache())
    .then(() => import("../dist/main.js"))
    .then((main) => main.start(here("package.json")));
}
