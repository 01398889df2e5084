import { defineConfig } from "vitest/config";

/** Tests against servers; some need Python or Java. They mostly wait, so that there are more workers than processors. */
export default defineConfig({
  test: { include: ["test/peers/**/*.test.ts"], testTimeout: 180_000, hookTimeout: 180_000, maxWorkers: 3 },
});
