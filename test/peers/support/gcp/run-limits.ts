/**
 * What Cloud Run refuses: memory and CPU that do not go together, concurrency below one CPU, scaling upside down.
 * https://cloud.google.com/run/docs/configuring/services/memory-limits, .../cpu, https://cloud.google.com/run/docs/about-concurrency
 */
import type { Obj } from "./protos.ts";
import { Refused } from "./refused.ts";

const MIB = 1024 ** 2;
/** Memory by CPU, at least and at most. */
const MEMORY_MIB: readonly [vcpu: number, least: number, most: number][] = [
  [1, 128, 4096],
  [2, 128, 8192],
  [4, 2048, 16_384],
  [6, 4096, 24_576],
  [8, 4096, 32_768],
];

const refuse = (message: string): never => {
  throw new Refused("INVALID_ARGUMENT", message);
};

/** `512Mi`, `1Gi`, `512M` -> MiB. */
export function mibOf(text: string): number {
  const [, number, unit = ""] = /^([\d.]+)(Ki|Mi|Gi|k|M|G)?$/.exec(text) ?? refuse(`Invalid memory quantity '${text}'`);
  const factor = { Ki: 1024, Mi: MIB, Gi: 1024 * MIB, k: 1e3, M: 1e6, G: 1e9, "": 1 }[unit]!;
  return (Number(number) * factor) / MIB;
}

export function vcpuOf(text: string): number {
  if (!/^\d+(\.\d+)?$|^\d+m$/.test(text)) refuse(`Invalid cpu quantity '${text}'`);
  return text.endsWith("m") ? Number(text.slice(0, -1)) / 1000 : Number(text);
}

export function checkTemplate(service: Obj): void {
  const template = (service["template"] ?? {}) as Obj;
  const containers = (template["containers"] ?? []) as Obj[];
  if (containers.length === 0) refuse("template.containers: at least one container is required");
  for (const container of containers) if (!container["image"]) refuse("template.containers[0].image: Required");
  const concurrency = template["maxInstanceRequestConcurrency"] as number | undefined;
  if (concurrency !== undefined && (concurrency < 1 || concurrency > 1000))
    refuse("max_instance_request_concurrency must be between 1 and 1000");
  const scaling = (template["scaling"] ?? {}) as Obj;
  const [least = 0, most] = [scaling["minInstanceCount"] as number | undefined, scaling["maxInstanceCount"] as number | undefined];
  if (most !== undefined && least > most) refuse("min_instance_count must not be greater than max_instance_count");
  for (const container of containers) {
    const limits = (container["resources"]?.["limits"] ?? {}) as Obj;
    const vcpu = limits["cpu"] === undefined ? 1 : vcpuOf(limits["cpu"]);
    const memoryMib = limits["memory"] === undefined ? 512 : mibOf(limits["memory"]);
    checkPair(vcpu, memoryMib, template);
  }
}

function checkPair(vcpu: number, memoryMib: number, template: Obj): void {
  const said = `template.containers[0].resources.limits: Invalid value: cpu ${vcpu} with memory ${memoryMib}Mi`;
  if (template["executionEnvironment"] === "EXECUTION_ENVIRONMENT_GEN2" && memoryMib < 512)
    refuse(`${said}: the second generation execution environment needs at least 512Mi`);
  if (vcpu < 1) {
    if (vcpu < 0.08 || Math.round(vcpu * 1000) % 10 !== 0) refuse(`${said}: cpu must be 0.08 to 1 in steps of 0.01`);
    // the API takes 80 where nothing is said and CPU is at least 1, else 1
    if ((template["maxInstanceRequestConcurrency"] ?? 1) !== 1) refuse(`${said}: Total cpu < 1 is not supported with concurrency > 1`);
    if (template["executionEnvironment"] === "EXECUTION_ENVIRONMENT_GEN2")
      refuse(`${said}: cpu < 1 is not supported with gen2 execution environment`);
    if (memoryMib > (vcpu < 0.5 ? 512 : 1024)) refuse(`${said}: must be at most ${vcpu < 0.5 ? 512 : 1024}Mi`);
    return;
  }
  const row = MEMORY_MIB.find(([count]) => count === vcpu) ?? refuse(`${said}: cpu must be 1, 2, 4, 6 or 8`);
  if (memoryMib < row[1] || memoryMib > row[2]) refuse(`${said}: memory must be between ${row[1]}Mi and ${row[2]}Mi`);
}
