import { bootstrapApplication } from '@angular/platform-browser';
import { SignIn } from './sign-in.component';
import { signIn } from './sign-in';

await signIn.resume().catch(() => undefined); // the user who is signed in, or an unfinished sign-in
await bootstrapApplication(SignIn);
