"""The loop of a Python function over the Runtime API (version 2018-06-01), as Lambda's python
runtimes run it."""
import decimal
import http.client
import importlib
import json
import os
import sys
import time
import traceback

API = os.environ["AWS_LAMBDA_RUNTIME_API"]
ROOT = os.environ["LAMBDA_TASK_ROOT"]
VERSION = os.environ.get("AWS_EXECUTION_ENV", "").rpartition("python")[2]
# From 3.12 on characters beyond ASCII are not escaped.
ASCII = tuple(int(n) for n in (VERSION or "3.12").split(".")) < (3, 12)


def call(method, path, body=None, headers=None):
    connection = http.client.HTTPConnection(API)
    try:
        connection.request(method, "/2018-06-01/runtime" + path, body,
                           {"Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        return answer.headers, answer.read()
    finally:
        connection.close()


class Fault(Exception):
    """A failure of the function's loading, by Lambda's name for it."""

    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = "Runtime." + kind


def described(e, request=""):
    trace = [] if isinstance(e, Fault) else traceback.format_list(traceback.extract_tb(e.__traceback__)[1:])
    return {"errorMessage": str(e), "errorType": getattr(e, "kind", type(e).__name__), "requestId": request,
            "stackTrace": trace}


def report(path, e, request=""):
    d = described(e, request)
    print("[ERROR] %s: %s" % (d["errorType"], d["errorMessage"]), *d["stackTrace"], sep="\n", flush=True)
    call("POST", path, json.dumps(d), {"Lambda-Runtime-Function-Error-Type": d["errorType"]})


def find(name):
    module, dot, function = name.rpartition(".")
    if not dot or not module:
        raise Fault("MalformedHandlerName", "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % name)
    module = module.replace("/", ".")
    if module.split(".")[0] in sys.builtin_module_names:
        raise Fault("BuiltInModuleConflict",
                    "Cannot use built-in module %s as a handler module" % module)
    try:
        loaded = importlib.import_module(module)
    except ImportError as e:
        raise Fault("ImportModuleError", "Unable to import module '%s': %s" % (module, e)) from e
    except SyntaxError as e:
        raise Fault("UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module, e)) from e
    if not hasattr(loaded, function):
        raise Fault("HandlerNotFound", "Handler '%s' missing on module '%s'" % (function, module))
    return getattr(loaded, function)


class Context:
    """What a handler receives beside the event."""

    def __init__(self, headers):
        self._deadline = int(headers["Lambda-Runtime-Deadline-Ms"])
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = self.client_context = None

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline - int(time.time() * 1000))

    def log(self, message):
        sys.stdout.write(str(message))


def plain(value):
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)


def encode(value):
    if isinstance(value, bytes):
        return value
    try:
        return json.dumps(value, default=plain, ensure_ascii=ASCII).encode()
    except (TypeError, ValueError) as e:
        raise Fault("MarshalError", "Unable to marshal response: %s" % e) from e


def main():
    sys.path.insert(0, ROOT)
    try:
        handler = find(os.environ["_HANDLER"])
    except BaseException as e:
        report("/init/error", e)
        sys.exit(1)
    while True:
        headers, body = call("GET", "/invocation/next")
        request = headers["Lambda-Runtime-Aws-Request-Id"]
        os.environ["_X_AMZN_TRACE_ID"] = headers.get("Lambda-Runtime-Trace-Id", "")
        try:
            answer = encode(handler(json.loads(body), Context(headers)))
        except Exception as e:
            report("/invocation/%s/error" % request, e, request)
            continue
        sys.stdout.flush()
        call("POST", "/invocation/%s/response" % request, answer)


main()
