// Bundles the CLI into dist/: one chunk per command, shared code in chunks of its own, native bindings left outside.
import { execFileSync } from "node:child_process";
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const commands = (dir) =>
  readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? commands(path) : path.endsWith(".ts") ? [path] : [];
  });

rmSync("dist", { recursive: true, force: true });
const entryPoints = {
  main: "src/cli/main.ts",
  "import-worker": "src/app/import/worker.ts",
  ...Object.fromEntries(commands("commands").map((path) => [path.replace(/\.ts$/, ""), path])),
};
await build({
  entryPoints,
  outdir: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node22.15",
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: false,
  legalComments: "none",
  chunkNames: "chunks/[name]-[hash]",
  // native code stays outside, cloud SDKs too: they are optional and load on first use; oclif would load a TypeScript compiler only for plugins under development
  external: [
    "@duckdb/node-bindings*",
    "@aws-sdk/*",
    "@smithy/*",
    "@azure/*",
    "@google-cloud/*",
    "@googleapis/*",
    "google-auth-library",
    "google-gax",
    "typescript",
    "ts-node",
    "tsx",
  ],
  // CommonJS packages inside the bundle still call require()
  banner: {
    js: 'import{createRequire as __cr}from"node:module";import{fileURLToPath as __fu}from"node:url";import{dirname as __dn}from"node:path";const require=__cr(import.meta.url),__filename=__fu(import.meta.url),__dirname=__dn(__filename);',
  },
  logLevel: "warning",
});
// script and style of the page that `report` and `trace` write, for browsers
await build({
  entryPoints: [
    { in: "src/report/page/client/main.ts", out: "main" },
    { in: "src/report/page/client/page.css", out: "main" },
  ],
  outdir: "dist/page",
  bundle: true,
  format: "iife",
  platform: "browser",
  target: ["chrome123", "firefox121", "safari17.5"],
  minify: true,
  legalComments: "none",
  logLevel: "warning",
});
execFileSync(process.execPath, ["node_modules/oclif/bin/run.js", "manifest"], { stdio: ["ignore", "ignore", "inherit"] });
