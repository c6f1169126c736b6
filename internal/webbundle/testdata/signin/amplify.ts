// A stub in place of Amplify: it records each call with its user name and returns nothing of use.
globalThis.calls = [];
const call = (name) => async (input) => {
  if (name !== 'fetchAuthSession') globalThis.calls.push(input?.username ? `${name} ${input.username}` : name);
  return { tokens: undefined, nextStep: {} };
};
export const [confirmResetPassword, confirmSignIn, fetchAuthSession, resetPassword, signIn, signOut, signUp] =
  ['confirmResetPassword', 'confirmSignIn', 'fetchAuthSession', 'resetPassword', 'signIn', 'signOut', 'signUp'].map(call);
