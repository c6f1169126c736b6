package stacks

// Retentions are the CDK's names of the periods that cdk.json may have, by days.
var Retentions = retentions
