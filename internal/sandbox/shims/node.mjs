// The loop of a Node.js function over the Runtime API (version 2018-06-01), as Lambda's nodejs
// runtimes run it. Up to Node 22 a handler may take a callback, and what it returns counts only if it
// is a promise; from 24 on there are no callbacks, and plain values count. The template's Runtime
// decides, not the version of the Node that runs this file.
import fs from 'node:fs';
import http from 'node:http';
import Module, { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import util from 'node:util';

const env = process.env;
const [host, port] = env.AWS_LAMBDA_RUNTIME_API.split(':');
const root = env.LAMBDA_TASK_ROOT;
const major = Number(/nodejs(\d+)/.exec(env.AWS_EXECUTION_ENV ?? '')?.[1] ?? 22);
const callbacks = major < 24;
let current = ''; // the request's id, for log lines
let pending = null; // ends the call under way, once

// A connection for each call: one that is kept open would keep the event loop busy.
function call(method, at, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const r = http.request({ host, port, method, path: '/2018-06-01/runtime' + at, agent: false,
      headers: { 'Content-Type': 'application/json', ...headers } }, answer => {
      const parts = [];
      answer.on('data', p => parts.push(p));
      answer.on('end', () => resolve({ headers: answer.headers, body: Buffer.concat(parts).toString('utf8') }));
      answer.on('error', reject);
    });
    r.on('error', reject);
    r.end(body);
  });
}

function described(e) {
  if (util.types.isNativeError(e) || e instanceof Error) {
    return { errorType: e.name, errorMessage: e.message, trace: (e.stack ?? '').split('\n') };
  }
  return { errorType: typeof e, errorMessage: String(e), trace: [] };
}

function report(at, e) {
  const d = described(e);
  return call('POST', at, JSON.stringify(d), { 'Lambda-Runtime-Function-Error-Type': d.errorType });
}

class RuntimeError extends Error {
  constructor(name, message) {
    super(message);
    this.name = 'Runtime.' + name;
  }
}

function isModule(dir) {
  for (let at = dir; ; at = path.dirname(at)) {
    const file = path.join(at, 'package.json');
    if (fs.existsSync(file)) return JSON.parse(fs.readFileSync(file, 'utf8')).type === 'module';
    if (at === root || at === path.dirname(at)) return false;
  }
}

// Lambda has the asset alone. Here the asset may lie below directories with packages, such as the
// app's own node_modules: what the asset lacks comes from NODE_PATH, or is missing as on AWS.
function shut(Module, root) {
  const within = at => [root, fs.realpathSync(root)].some(dir => at === dir || at.startsWith(dir + path.sep));
  const above = Module._nodeModulePaths;
  Module._nodeModulePaths = from => within(from) ? above(from).filter(within) : above(from);
  return within;
}
shut(Module, root);

// Imports of ES modules take no NODE_PATH, so a hook finds their packages as require does.
function importModule(file) {
  Module.register('data:text/javascript,' + encodeURIComponent(`
    import fs from 'node:fs';
    import Module, { createRequire, isBuiltin } from 'node:module';
    import path from 'node:path';
    import { fileURLToPath, pathToFileURL } from 'node:url';
    const within = (${shut})(Module, ${JSON.stringify(root)});
    const isWithin = url => url?.startsWith('file:') && within(fileURLToPath(url));
    export async function resolve(specifier, context, next) {
      if (!isWithin(context.parentURL) || /^[.\\/#]|^[a-z]+:/i.test(specifier) || isBuiltin(specifier)) return next(specifier, context);
      const found = await next(specifier, context).catch(e => e);
      if (isWithin(found.url)) return found;
      if (found instanceof Error && found.code !== 'ERR_MODULE_NOT_FOUND') throw found;
      return next(pathToFileURL(createRequire(context.parentURL).resolve(specifier)).href, context);
    }`));
  return import(pathToFileURL(file));
}

async function load(module) {
  const base = path.resolve(root, module);
  const require = createRequire(path.join(root, 'index.js'));
  if (fs.existsSync(base) && fs.statSync(base).isFile()) return require(base);
  if (fs.existsSync(base + '.js')) {
    return isModule(path.dirname(base)) ? importModule(base + '.js') : require(base + '.js');
  }
  if (fs.existsSync(base + '.mjs')) return importModule(base + '.mjs');
  if (fs.existsSync(base + '.cjs')) return require(base + '.cjs');
  return require(require.resolve(module, { paths: [root] }));
}

async function find(name) {
  if (name.includes('..')) throw new RuntimeError('MalformedHandlerName', `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  const dir = path.dirname(name), base = path.basename(name), dot = base.indexOf('.');
  if (dot < 1) throw new RuntimeError('MalformedHandlerName', 'Bad handler');
  const module = path.join(dir, base.slice(0, dot));
  let found;
  try {
    found = await load(module);
  } catch (e) {
    if (e instanceof SyntaxError) throw new RuntimeError('UserCodeSyntaxError', String(e));
    if (['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND'].includes(e?.code)) throw new RuntimeError('ImportModuleError', 'Error: ' + e.message);
    throw e;
  }
  const keys = base.slice(dot + 1).split('.');
  const of = from => keys.reduce((value, key) => value?.[key], from);
  const handler = of(found) ?? of(found?.default);
  if (handler === undefined) throw new RuntimeError('HandlerNotFound', `${name} is undefined or not exported`);
  if (typeof handler !== 'function') throw new RuntimeError('HandlerNotFound', `${name} is not a function`);
  if (!callbacks && handler.length > 2) {
    throw new RuntimeError('CallbackHandlerDeprecated', 'AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later.');
  }
  return handler;
}

// Console lines have Lambda's form.
for (const [name, level] of Object.entries({ log: 'INFO', info: 'INFO', debug: 'DEBUG', warn: 'WARN', error: 'ERROR', trace: 'TRACE' })) {
  console[name] = (...args) => process.stdout.write(
    `${new Date().toISOString()}\t${current}\t${level}\t${util.format(...args).replaceAll('\n', '\r')}\n`);
}

function contextOf(h) {
  const deadline = Number(h['lambda-runtime-deadline-ms']);
  const json = name => h[name] ? JSON.parse(h[name]) : undefined;
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME, functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME, logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: json('lambda-runtime-client-context'), identity: json('lambda-runtime-cognito-identity'),
    invokedFunctionArn: h['lambda-runtime-invoked-function-arn'], awsRequestId: h['lambda-runtime-aws-request-id'],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

// run settles with the handler's answer, in the first of the ways in which it may give one.
function run(handler, event, context) {
  return new Promise((resolve, reject) => {
    let result; // what a callback gave, until the event loop is empty
    pending = {
      reject,
      empty: () => {
        if (result) result();
        else if (pending.isPromise) reject(new RuntimeError('NodeJsExit', 'The handler\'s promise was never settled'));
        else resolve(null);
      },
    };
    const args = [event, context];
    if (callbacks) {
      const done = (e, value) => (e === undefined || e === null ? resolve(value) : reject(e));
      args.push((e, value) => {
        result ??= () => done(e, value);
        if (!context.callbackWaitsForEmptyEventLoop) result();
      });
      Object.assign(context, { succeed: value => resolve(value), fail: e => reject(e ?? new Error('handled')), done });
    }
    const returned = handler(...args);
    pending.isPromise = typeof returned?.then === 'function';
    if (pending.isPromise) returned.then(resolve, reject);
    else if (!callbacks) resolve(returned);
  });
}

process.on('beforeExit', () => pending?.empty());
for (const [event, code, wrap] of [
  ['uncaughtException', 129, e => e],
  ['unhandledRejection', 128, e => new RuntimeError('UnhandledPromiseRejection', String(e))],
]) {
  process.on(event, async e => {
    await report(current ? `/invocation/${current}/error` : '/init/error', wrap(e)).catch(() => {});
    process.exit(code);
  });
}

let handler;
try {
  handler = await find(env._HANDLER);
} catch (e) {
  console.error('Uncaught Exception', JSON.stringify(described(e)));
  await report('/init/error', e).catch(() => {});
  process.exit(1);
}
for (;;) {
  const next = await call('GET', '/invocation/next');
  current = next.headers['lambda-runtime-aws-request-id'];
  env._X_AMZN_TRACE_ID = next.headers['lambda-runtime-trace-id'] ?? '';
  let answer, failure;
  try {
    const value = await run(handler, JSON.parse(next.body), contextOf(next.headers));
    answer = JSON.stringify(value === undefined ? null : value) ?? 'null';
  } catch (e) {
    failure = { e };
  }
  pending = null;
  if (failure) {
    console.error('Invoke Error', JSON.stringify(described(failure.e)));
    await report(`/invocation/${current}/error`, failure.e);
    if (failure.e?.name === 'Runtime.NodeJsExit') process.exit(0);
  } else {
    await call('POST', `/invocation/${current}/response`, answer);
  }
  current = '';
}
