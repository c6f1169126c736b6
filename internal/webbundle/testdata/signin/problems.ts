import { problemOf } from './problem';

const names = [
  'NotAuthorizedException', 'UserNotFoundException', 'InvalidPasswordException', 'PasswordResetRequiredException',
  'UserNotConfirmedException', 'TooManyRequestsException', 'UserLambdaValidationException', 'QuotaExceededError', 'Other',
];
const messages = [
  'Incorrect username or password.', 'Password attempts exceeded', 'User is disabled.', 'Invalid session for the user.',
  'Temporary password has expired and must be reset by an administrator.', 'failed with error x (emailotp:unavailable).',
];
const ids = new Set();
for (const name of names) {
  for (const message of messages) {
    for (const phase of ['start', 'sign-up', 'code', 'session'] as const) {
      ids.add(problemOf(Object.assign(new Error(message), { name }), phase, false).id);
    }
  }
}
report([...ids]);
