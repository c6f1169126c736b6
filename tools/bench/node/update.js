// The one AWS call of mail-events.
import { DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import * as requests from "./requests.js";
import { start } from "./runtime.js";

const table = new DynamoDBClient({});

start(async () => {
  await table.send(new UpdateItemCommand(requests.update));
  return null;
});
