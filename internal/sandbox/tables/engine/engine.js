"use strict";
// Runs dynalite on a free port of 127.0.0.1, tells the port on stdout, and ends
// when stdin does: the parent's death, of whatever kind, closes it.
const options = JSON.parse(process.argv[2]);
if (Number(process.versions.node.split(".")[0]) < 20) {
  console.log(JSON.stringify({ error: `Node ${process.versions.node} is too old: the table engine needs Node 20 or newer` }));
  process.exit(1);
}
const server = require("dynalite")({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0, path: options.path || undefined });
server.keepAliveTimeout = 120000; // longer than the proxy keeps a connection, so that the proxy ends it first
server.on("error", (e) => {
  console.log(JSON.stringify({ error: e.message }));
  process.exit(1);
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
process.stdin.resume();
for (const end of ["end", "error", "close"]) {
  process.stdin.on(end, () => {
    setTimeout(() => process.exit(0), 1000);
    server.closeAllConnections();
    server.close(() => process.exit(0));
  });
}
