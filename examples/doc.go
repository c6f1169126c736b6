// Package examples holds CDK apps that import the construct. Each folder below is an app with a
// cdk.json and a README.md of its own; the tests here synthesise all of them and sign in to two.
package examples
