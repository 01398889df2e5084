/** What to write so that an ID reaches every log line: three lines per cloud and language, and where each channel carries an ID. */
import type { HopCoverage, Language } from "../../model/coverage.ts";
import type { ChannelKind, Cloud } from "../../model/records.ts";

type Place = "aws" | "azure" | "plain";

/** Names of API: docs/correlation.md has the vendors' pages. */
const LINES: Record<Place, Record<Language, readonly [string, string, string]>> = {
  aws: {
    node: [
      'import { Logger } from "@aws-lambda-powertools/logger"; const logger = new Logger();',
      'const id = event.headers?.["x-correlation-id"] ?? crypto.randomUUID();',
      "logger.appendKeys({ correlation_id: id }); // first in the handler",
    ],
    python: [
      "from aws_lambda_powertools import Logger; logger = Logger()",
      "@logger.inject_lambda_context(correlation_id_path='headers.\"x-correlation-id\"', clear_state=True)",
      "logger.set_correlation_id(id)  # from a message: first in the handler",
    ],
    dotnet: [
      "using AWS.Lambda.Powertools.Logging;",
      '[Logging(CorrelationIdPath = "/headers/x-correlation-id", ClearState = true)] // on the handler',
      'Logger.AppendKey("correlation_id", id); // from a message: first in the handler',
    ],
    java: [
      "import org.slf4j.MDC; import software.amazon.lambda.powertools.logging.Logging;",
      '@Logging(correlationIdPath = "headers.\\"x-correlation-id\\"", clearState = true) // on handleRequest',
      'MDC.put("correlation_id", id); // from a message: first in the handler',
    ],
  },
  azure: {
    node: [
      'const id = request.headers.get("x-correlation-id") ?? crypto.randomUUID();',
      "// from Service Bus: const id = context.triggerMetadata.correlationId;",
      'context.log(JSON.stringify({ correlationId: id, message: "order taken" }));',
    ],
    python: [
      'id = req.headers.get("x-correlation-id") or str(uuid.uuid4())',
      "# from Service Bus: id = msg.correlation_id",
      'logging.info("correlationId=%s order taken", id)',
    ],
    dotnet: [
      'var id = request.Headers["x-correlation-id"].FirstOrDefault() ?? Guid.NewGuid().ToString();',
      "// from Service Bus: var id = message.CorrelationId;",
      'using var scope = logger.BeginScope(new Dictionary<string, object> { ["correlationId"] = id });',
    ],
    java: [
      'String id = request.getHeaders().getOrDefault("x-correlation-id", UUID.randomUUID().toString());',
      '// from Service Bus: @BindingName("CorrelationId") String id',
      'context.getLogger().info("correlationId=" + id + " order taken");',
    ],
  },
  plain: {
    node: [
      'import pino from "pino";',
      'const id = req.headers["x-correlation-id"] ?? crypto.randomUUID();',
      "const log = pino().child({ correlationId: id });",
    ],
    python: [
      "import json, uuid",
      'id = request.headers.get("x-correlation-id") or str(uuid.uuid4())',
      'print(json.dumps({"severity": "INFO", "correlationId": id, "message": "order taken"}))',
    ],
    dotnet: [
      "builder.Logging.AddJsonConsole(options => options.IncludeScopes = true);",
      'var id = context.Request.Headers["x-correlation-id"].FirstOrDefault() ?? Guid.NewGuid().ToString();',
      'using var scope = logger.BeginScope(new Dictionary<string, object> { ["correlationId"] = id });',
    ],
    java: [
      "import org.slf4j.MDC; // with a JSON layout that writes the MDC",
      'String id = request.getFirstHeader("x-correlation-id").orElse(UUID.randomUUID().toString());',
      'MDC.put("correlationId", id);',
    ],
  },
};

const LANGUAGES: Record<Language, string> = { node: "Node.js", python: "Python", dotnet: ".NET", java: "Java" };

/** How people call it: `Python on AWS`. */
export function recipeName(cloud: Cloud, language: Language): string {
  const where = { aws: "AWS", azure: "Azure", gcp: "Google Cloud", other: "other hosts" };
  return `${LANGUAGES[language]} on ${where[cloud]}`;
}

/** Three lines that put an ID into every log line of a function. */
export function recipeOf(cloud: Cloud, language: Language): readonly string[] {
  return LINES[cloud === "aws" || cloud === "azure" ? cloud : "plain"][language];
}

type Carriers = Partial<Record<ChannelKind, string>>;

const ANYWHERE: Carriers = { http: "the header x-correlation-id", schedule: "nothing: a timer begins an ID of its own" };

const CARRIERS: Record<Cloud, Carriers> = {
  aws: {
    queue: "MessageAttributes.correlationId (SQS); read record.messageAttributes.correlationId.stringValue",
    topic: "MessageAttributes.correlationId (SNS); read record.Sns.MessageAttributes.correlationId.Value",
    bus: "a field of Detail (EventBridge); read event.detail.correlationId",
    stream: "a field of the data: records of Kinesis have no attributes",
    table: "an attribute of the item (DynamoDB); read record.dynamodb.NewImage.correlationId.S",
    bucket: "the object's key: metadata (x-amz-meta-correlation-id) is not in the event, HeadObject reads it",
    workflow: "a field of the execution's input that every state passes on (Step Functions)",
  },
  azure: {
    queue: "CorrelationId of the message (Service Bus); a field of the body (Storage queues have no properties)",
    topic: "CorrelationId of the message (Service Bus)",
    bus: "a field of data (Event Grid); read event.data.correlationId",
    stream: "Properties of the event (Event Hubs)",
    table: "a field of the document (Cosmos DB)",
    bucket: "the blob's name: metadata is not in the event",
    workflow: "a field of the orchestration's input",
  },
  gcp: {
    queue: "the header x-correlation-id of the task (Cloud Tasks)",
    topic: "attributes.correlationId of the message (Pub/Sub)",
    bus: "a field of the event's data (Eventarc)",
    table: "a field of the document (Firestore)",
    bucket: "metadata of the object, which is in the event (Cloud Storage)",
    workflow: "a field of the execution's argument (Workflows)",
  },
  other: {},
};

/** Where the sender puts the ID on this way; null: nothing is known of the channel. */
export function carrierOf({ from, to, channelKind }: Pick<HopCoverage, "from" | "to" | "channelKind">): string | null {
  const cloud = (from ?? to)?.cloud;
  if (channelKind === null || cloud === undefined) return null;
  return CARRIERS[cloud][channelKind] ?? ANYWHERE[channelKind] ?? null;
}
