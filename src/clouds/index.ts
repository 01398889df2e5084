/** The rooms, by cloud. */
import type { Cloud } from "../model/records.ts";
import { aws } from "./aws/index.ts";
import { azure } from "./azure/index.ts";
import { gcp } from "./gcp/index.ts";
import type { CloudRoom } from "./room.ts";

export const rooms: { readonly [cloud in Exclude<Cloud, "other">]: CloudRoom } = { aws, azure, gcp };
