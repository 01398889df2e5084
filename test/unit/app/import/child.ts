/** A process that imports, to be killed: `child.ts DATA_DIR CORES PATH...`. */
import { importFiles } from "../../../../src/app/import/index.ts";
import { silentHost } from "../../../../src/model/host.ts";

const [dataDir, cores, ...paths] = process.argv.slice(2);
await importFiles(paths, {
  dataDir: dataDir!,
  correlationKeys: [],
  hints: { fn: null, account: null, region: null },
  host: silentHost,
  signal: new AbortController().signal,
  cores: Number(cores),
  batchBytes: 1.5e6,
});
