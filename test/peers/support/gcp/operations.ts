/** Long-running operations of Run and of Functions. */
import { randomUUID } from "node:crypto";
import type { Obj, Protos } from "./protos.ts";
import { Refused } from "./refused.ts";

interface Operation {
  protos: Protos;
  /** Full name of the type of the result. */
  type: string;
  metadata: Obj;
  /** Null while it lasts; looks at it carry it on. */
  look(): { response: Obj } | { error: { code: number; message: string } } | null;
}

export class Operations {
  readonly #all = new Map<string, Operation>();

  /** Makes one, as the answer of the call that started it. `where`: projects/P/locations/L, or empty for the v1 form. */
  start(where: string, operation: Operation): Obj {
    const name = where === "" ? `operations/${randomUUID()}` : `${where}/operations/${randomUUID()}`;
    this.#all.set(name, operation);
    return { name, done: false, metadata: operation.metadata };
  }

  /** One that is done at once (validateOnly). */
  done(where: string, type: string, response: Obj): Obj {
    const any = { "@type": `type.googleapis.com/${type}`, ...response };
    return { name: `${where}/operations/${randomUUID()}`, done: true, metadata: any, response: any };
  }

  /** The answer of GetOperation, encoded by the protos of its API. */
  get(name: string): Buffer {
    const found = this.#all.get(name);
    if (found === undefined) throw new Refused("NOT_FOUND", `Operation '${name}' does not exist.`);
    const result = found.look();
    const json: Obj = { name, done: result !== null, metadata: found.metadata };
    if (result !== null && "response" in result) json["response"] = { "@type": `type.googleapis.com/${found.type}`, ...result.response };
    if (result !== null && "error" in result) json["error"] = result.error;
    const type = "google.longrunning.Operation";
    return found.protos.encode(type, found.protos.toMessage(type, json));
  }
}
