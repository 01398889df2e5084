/** Diagnostic record -> row of the table. */
export function hostLog({
  time,
  resourceId,
  location,
  properties: p,
}: {
  time: string;
  resourceId: string;
  location: string;
  properties: Record<string, any>;
}): Record<string, unknown> {
  return {
    TimeGenerated: time,
    _ResourceId: resourceId.toLowerCase(),
    Location: location,
    AppName: p["appName"],
    RoleInstance: p["roleInstance"],
    Message: p["message"],
    Category: p["category"],
    HostVersion: p["hostVersion"],
    FunctionInvocationId: p["functionInvocationId"],
    FunctionName: p["functionName"],
    HostInstanceId: p["hostInstanceId"],
    ActivityId: p["activityId"],
    Level: p["level"],
    LevelId: p["levelId"],
    ProcessId: p["processId"],
  };
}
