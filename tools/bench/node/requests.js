// What the handlers send: as much as the real functions do.
const keyARN = "arn:aws:kms:eu-west-1:123456789012:key/0f1e2d3c-0000-4000-8000-000000000001";
const pk = { pk: { S: "hR2tbQk8Jx0cV7mWq3pZs5nYd9uLfA1eGiKoTyBvXzE" } };
const content = (size) => ({ Data: "a".repeat(size), Charset: "UTF-8" });

export const read = { TableName: "Guard", Key: pk, ConsistentRead: true };

export const update = {
  TableName: "Guard",
  Key: pk,
  UpdateExpression: "SET #g = :start, #n = if_not_exists(#n, :zero) + :one, #ttl = :ttl",
  ConditionExpression: "(attribute_not_exists(#g) OR #g <= :now) AND (attribute_not_exists(#n) OR #n < :limit)",
  ExpressionAttributeNames: { "#g": "g", "#n": "n", "#ttl": "ttl" },
  ExpressionAttributeValues: {
    ":start": { N: "1795000000000" }, ":zero": { N: "0" }, ":one": { N: "1" },
    ":ttl": { N: "1830000000" }, ":now": { N: "1794996400000" }, ":limit": { N: "100" },
  },
  ReturnValues: "UPDATED_NEW",
};

export const mac = { KeyId: keyARN, MacAlgorithm: "HMAC_SHA_256", Message: new Uint8Array(200) };
export const check = { ...mac, Mac: new Uint8Array(32) };

export const mail = {
  FromEmailAddress: "no-reply@example.com",
  Destination: { ToAddresses: ["user@example.com"] },
  Content: { Simple: { Subject: content(40), Body: { Text: content(500), Html: content(4500) } } },
};
