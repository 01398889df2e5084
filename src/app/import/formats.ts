/** Every format that an import recognises. */
import { neutralFormats } from "../../archive/neutral/index.ts";
import { rooms } from "../../clouds/index.ts";
import type { Format } from "../../model/formats.ts";

export const formats: readonly Format[] = [...Object.values(rooms).flatMap((room) => room.formats), ...neutralFormats];
