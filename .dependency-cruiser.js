/** Import rules: data flows one way (see src/README.md). */
const rooms = ["aws", "azure", "gcp"];

export default {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "model-imports-nothing",
      comment: "nouns only",
      severity: "error",
      from: { path: "^src/model" },
      to: { pathNot: "^src/model" },
    },
    ...rooms.map((room) => ({
      name: `room-${room}-stays-in-its-room`,
      comment: "a room knows the model, the doors, the plumbing and itself; never another room",
      severity: "error",
      from: { path: `^src/clouds/${room}/` },
      to: { path: "^(src|commands)/", pathNot: `^src/(model|clouds/room|clouds/kit|clouds/${room}/)` },
    })),
    {
      name: "sdk-only-in-client",
      severity: "error",
      from: { path: "^src", pathNot: "^src/clouds/[^/]+/client" },
      to: { path: "node_modules/(@aws-sdk|@smithy|@azure|@google-cloud|@googleapis|google-auth-library|google-gax)" },
    },
    {
      name: "analyzer-is-pure",
      comment: "facts in, facts out: no disk, no clock, no environment",
      severity: "error",
      from: { path: "^src/analyzer" },
      to: { pathNot: "^src/(model|analyzer)" },
    },
    {
      name: "applier-writes-through-doors",
      comment: "changes go through the doors of rooms, and the journal is its only file",
      severity: "error",
      from: { path: "^src/applier" },
      to: { path: "^src/", pathNot: "^src/(model|applier|clouds/room|store/journal)" },
    },
    {
      name: "formats-read-the-report-only",
      comment: "a format may not know the domain",
      severity: "error",
      from: { path: "^src/report/formats" },
      to: { path: "^src/", pathNot: "^src/report/(report|formats)" },
    },
    {
      name: "page-reads-the-report-only",
      comment: "the page is a format",
      severity: "error",
      from: { path: "^src/report/page" },
      to: { path: "^src/", pathNot: "^src/report/(report|formats|page)" },
    },
    {
      name: "browser-code-stays-in-the-browser",
      severity: "error",
      from: { path: "^(src|commands)/", pathNot: "^src/report/page/client" },
      to: { path: "^src/report/page/client" },
    },
    {
      name: "views-read-facts",
      severity: "error",
      from: { path: "^src/report/views" },
      to: { path: "^src/", pathNot: "^src/(model|report)" },
    },
    { name: "store-knows-no-cloud", severity: "error", from: { path: "^src/store" }, to: { path: "^src/", pathNot: "^src/(model|store)" } },
    {
      name: "archive-is-neutral",
      severity: "error",
      from: { path: "^src/archive" },
      to: { path: "^src/", pathNot: "^src/(model|archive)" },
    },
    {
      name: "forges-know-the-model-only",
      comment: "a forge takes text: what it says is not its business",
      severity: "error",
      from: { path: "^src/forges" },
      to: { path: "^(src|commands)/", pathNot: "^src/(model|forges)/" },
    },
    {
      name: "forges-through-app",
      severity: "error",
      from: { path: "^(src|commands)/", pathNot: "^src/(app|forges)/" },
      to: { path: "^src/forges" },
    },
    { name: "app-knows-no-cli", severity: "error", from: { path: "^src/app" }, to: { path: "(^src/cli|^commands|@oclif)" } },
    {
      name: "commands-are-thin",
      severity: "error",
      from: { path: "^(commands|src/cli)" },
      to: { path: "^src/(clouds|analyzer|applier|store|archive)" },
    },
    { name: "nothing-imports-tests", severity: "error", from: { path: "^(src|commands|fixtures)" }, to: { path: "^(test|bench)" } },
    {
      name: "duckdb-only-in-store",
      severity: "error",
      from: { path: "^src", pathNot: "^src/store" },
      to: { path: "node_modules/@duckdb" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "require", "node", "default", "types"] },
  },
};
