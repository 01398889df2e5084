/** Every format there is. */
import { neutralFormats } from "../../src/archive/neutral/index.ts";
import { rooms } from "../../src/clouds/index.ts";
import type { Format } from "../../src/model/formats.ts";

export const formats: readonly Format[] = [...Object.values(rooms).flatMap((room) => room.formats), ...neutralFormats];
