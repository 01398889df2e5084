import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { importFiles } from "../../../../src/app/import/index.ts";
import { silentHost } from "../../../../src/model/host.ts";
import { openDataset } from "../../../../src/store/index.ts";
import { shared } from "../../../support/shared.ts";

const corpora = shared("corpora");

it.skipIf(corpora === null)("every recorded file is read or refused with a reason, and a second time changes nothing", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "evscope-corpora-"));
  const options = {
    dataDir,
    correlationKeys: [],
    hints: { fn: null, account: null, region: null },
    host: silentHost,
    signal: new AbortController().signal,
  };
  try {
    const first = await importFiles([corpora!], options);
    for (const file of first.files) {
      const said = file.error !== null || file.skipped > 0 || file.ignored.length > 0;
      expect(file.records > 0 || said, `${file.path}: nothing came of it, and nothing was said`).toBe(true);
    }
    const dataset = await openDataset(dataDir);
    const { rows, sizeBytes } = await dataset.info();
    expect(Object.values({ ...rows, link: 0 }).reduce((sum, n) => sum + n, 0)).toBe(first.added);
    await dataset.close();
    const second = await importFiles([corpora!], { ...options, cores: 1 });
    expect(second.added).toBe(0);
    expect(second.duplicates).toBe(first.added + first.duplicates);
    const again = await openDataset(dataDir);
    expect(await again.info()).toMatchObject({ rows, sizeBytes });
    await again.close();
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});
