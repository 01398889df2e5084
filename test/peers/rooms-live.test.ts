/** The three rooms are equal live as well: one story, told by the servers of three vendors. */
// first of all: see there
import { trustFile } from "./support/gcp/trust.ts";
import { rooms } from "../../src/clouds/index.ts";
import { liveContract } from "../contract/live-contract.ts";
import { startAwsStory } from "./support/aws-story.ts";
import { startAzureStory } from "./support/azure/story.ts";
import { startGcpStory } from "./support/gcp/story.ts";
import { has } from "./support/servers.ts";

liveContract(rooms.aws, has("moto") ? startAwsStory : null);
liveContract(rooms.azure, startAzureStory);
liveContract(rooms.gcp, () => startGcpStory(trustFile));
