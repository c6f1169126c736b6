// Package redirect tests the sign-in page's endpoints with the client libraries that apps use:
// golang.org/x/oauth2, openid-client, Auth.js and curl. The functions run as they deploy, behind
// the emulated HTTP API. It has tests alone; those in a browser are in package clients.
package redirect
