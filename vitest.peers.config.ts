import { defineConfig } from "vitest/config";

/** Tests against servers that nobody here wrote; they need Python. */
export default defineConfig({
  test: { include: ["test/peers/**/*.test.ts"], testTimeout: 180_000, hookTimeout: 180_000, maxWorkers: 2 },
});
