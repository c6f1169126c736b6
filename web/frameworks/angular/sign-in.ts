import { Amplify } from 'aws-amplify';
import { EmailSignIn } from '@cognito-emailotp/sign-in';
export { english, type ProblemID } from '@cognito-emailotp/sign-in';

Amplify.configure({ Auth: { Cognito: { userPoolId: 'eu-west-1_example', userPoolClientId: 'example' } } });

/** The sign-in of the app's user. */
export const signIn = new EmailSignIn({ mode: 'passwordless' });
