/** What the readers of infrastructure as code are given, and what they answer. */
import { isMap, isScalar, type LineCounter, type parseDocument } from "yaml";

export interface IacFile {
  /** Relative to the working folder, with `/`. */
  path: string;
  text: string;
}

/** `owners`: places that name the function. `possible`: places that describe functions whose names cannot be read. */
export interface Ownership {
  owners: string[];
  possible: string[];
}

/** 1-based line of the key at this path; null: it is not there. */
export function lineOfKey(document: ReturnType<typeof parseDocument>, lines: LineCounter, path: readonly string[]): number | null {
  const parent: unknown = document.getIn(path.slice(0, -1), true);
  if (!isMap(parent)) return null;
  const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === path.at(-1));
  return isScalar(pair?.key) && pair.key.range ? lines.linePos(pair.key.range[0]).line : null;
}

/** What the functions of a file may be called, and where some stand whose names cannot be read from it. */
export interface Description {
  named: Named[];
  /** Places. */
  unread: string[];
}

/** Owners and places that nobody can say, as `by` names the tool. */
export function ownershipOf({ named, unread }: Description, functionName: string, tool: string): Ownership {
  const owners = named.filter(({ pattern }) => pattern.test(functionName)).map(({ place }) => `${tool} (${place})`);
  return { owners, possible: owners.length > 0 ? [] : unread.slice(0, 1).map((place) => `${tool} (${place})`) };
}

/** A function described in a file: what its name may be, and where that stands. */
export interface Named {
  pattern: RegExp;
  /** `path:line`. */
  place: string;
}

/** Reads each file once, for however many functions it is asked. */
export function perFile<Found>(read: (file: IacFile) => Found): (file: IacFile) => Found {
  const known = new WeakMap<IacFile, Found>();
  return (file) => {
    const found = known.get(file) ?? read(file);
    known.set(file, found);
    return found;
  };
}
