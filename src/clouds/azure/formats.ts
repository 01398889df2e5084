/** Azure's exported files, each recognised from its content. */
import type { Format } from "../../model/formats.ts";
import { resourceDescriptions } from "./configuration.ts";
import { eventGridEvents } from "./event-grid.ts";
import { eventsApi } from "./events-api.ts";
import { logTables } from "./log-tables.ts";
import { metricsAnswers } from "./metrics.ts";
import { diagnosticRecords } from "./resource-logs.ts";
import { wrappedAnswers } from "./wrapped-answers.ts";

const plain: readonly Format[] = [logTables, eventsApi, diagnosticRecords, metricsAnswers, eventGridEvents, resourceDescriptions];

export const formats: readonly Format[] = [...plain, wrappedAnswers(plain)];
