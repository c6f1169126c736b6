// The AWS calls of verify-auth-challenge for a right answer, one after the other.
import { DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { KMSClient, VerifyMacCommand } from "@aws-sdk/client-kms";
import * as requests from "./requests.js";
import { start } from "./runtime.js";

const table = new DynamoDBClient({});
const key = new KMSClient({});

start(async (event) => {
  await table.send(new UpdateItemCommand(requests.update));
  await key.send(new VerifyMacCommand(requests.check));
  await table.send(new UpdateItemCommand(requests.update));
  return event;
});
