/** One writer at a time. The lock names its holder, so that a process that died does not hold it. */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kill, pid } from "node:process";
import { EXIT, UserError } from "../model/errors.ts";

interface Holder {
  pid: number;
  /** When that process began, in the kernel's ticks: tells it from a later one with the same number. null: this system does not say. */
  began: string | null;
}

export interface Lock {
  release(): void;
}

/** Takes the writer lock. Throws UserError (exit 5) if a living process (this one as well) holds it; `what` says what that one does. */
export function takeLock(dir: string, what = "writing to the dataset"): Lock {
  const path = join(dir, "writer.lock");
  for (;;) {
    if (tryCreate(path)) return { release: () => rmSync(path, { force: true }) };
    const holder = readHolder(path);
    if (holder && isAlive(holder)) {
      throw new UserError(`Process ${holder.pid} is ${what} in ${dir}`, {
        exitCode: EXIT.conflict,
        suggestions: ["wait until it has finished, or name another folder with --data"],
      });
    }
    setAside(path, holder);
  }
}

/** The name appears together with its content, so nobody reads a lock without a holder. */
function tryCreate(path: string): boolean {
  const draft = `${path}.${pid}`;
  writeFileSync(draft, JSON.stringify({ pid, began: beginOf(pid) } satisfies Holder));
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Only one of several processes that find a dead holder's lock can rename it away; who renamed a living one's puts it back. */
function setAside(path: string, dead: Holder | null): void {
  const aside = `${path}.${pid}.dead`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  const found = readHolder(aside);
  if (found && (found.pid !== dead?.pid || found.began !== dead.began)) linkSync(aside, path);
  rmSync(aside, { force: true });
}

function readHolder(path: string): Holder | null {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Holder;
  } catch {
    return null;
  }
}

function isAlive(holder: Holder): boolean {
  try {
    kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const began = beginOf(holder.pid);
  return holder.began === null || began === null || began === holder.began;
}

/** Field 22 of /proc/PID/stat (proc(5)); the command name before it may hold spaces, so count from its bracket. */
function beginOf(process: number): string | null {
  try {
    const stat = readFileSync(`/proc/${process}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}
