import { EmailSignIn } from './signin';

const seen = {};
for (const address of cases) {
  for (const action of ['start', 'signUp']) {
    globalThis.calls = [];
    const result = await new EmailSignIn({ mode: 'passwordless' })[action](address).catch((problem) => problem);
    seen[`${address} ${action}`] = [result.id ?? result.step, ...globalThis.calls].join(', ');
  }
}
report(seen);
