// The AWS calls of create-auth-challenge, in the same order and as many side by side.
import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { GenerateMacCommand, KMSClient } from "@aws-sdk/client-kms";
import { SendEmailCommand, SESv2Client } from "@aws-sdk/client-sesv2";
import * as requests from "./requests.js";
import { start } from "./runtime.js";

const table = new DynamoDBClient({});
const key = new KMSClient({});
const mail = new SESv2Client({});

start(async (event) => {
  await table.send(new GetItemCommand(requests.read));
  await Promise.all([
    table.send(new UpdateItemCommand(requests.update)),
    table.send(new UpdateItemCommand(requests.update)),
    key.send(new GenerateMacCommand(requests.mac)),
  ]);
  await Promise.all([key.send(new GenerateMacCommand(requests.mac)), mail.send(new SendEmailCommand(requests.mail))]);
  return event;
});
