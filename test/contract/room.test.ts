/** The three rooms are equal: the same files, the same doors, the same facts from the same story. */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { rooms } from "../../src/clouds/index.ts";
import { awsStory, azureStory, gcpStory } from "./order-scenario.ts";
import { bestFormat } from "./read-documents.ts";
import { roomContract } from "./room-contract.ts";

const TOP_FILES = ["billing.ts", "formats.ts", "index.ts", "limits.ts", "normalise.ts", "prices.ts", "schema.ts"];
const stories = { aws: awsStory, azure: azureStory, gcp: gcpStory };

describe("rooms", () => {
  it.each(Object.keys(rooms))("%s has the files that every room has", (cloud) => {
    const folder = fileURLToPath(new URL(`../../src/clouds/${cloud}/`, import.meta.url));
    expect(readdirSync(folder).filter((name) => TOP_FILES.includes(name))).toEqual(TOP_FILES);
  });

  it("live in a folder each, under their own name", () => {
    const folders = readdirSync(fileURLToPath(new URL("../../src/clouds/", import.meta.url)), { withFileTypes: true });
    expect(folders.filter((entry) => entry.isDirectory() && entry.name !== "kit").map((entry) => entry.name)).toEqual(
      Object.keys(rooms).sort(),
    );
    for (const [name, room] of Object.entries(rooms)) expect(room.cloud).toBe(name);
  });

  it("share no format name", () => {
    const ids = Object.values(rooms).flatMap((room) => room.formats.map((format) => format.id));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each(Object.entries(stories))("%s telemetry is claimed by its own room", (cloud, story) => {
    const formats = Object.values(rooms).flatMap((room) => room.formats);
    for (const file of story.files) expect(bestFormat(formats, file[0]!)?.id.split(".")[0]).toBe(cloud);
  });
});

for (const room of Object.values(rooms)) roomContract(room, stories[room.cloud as keyof typeof stories]);
