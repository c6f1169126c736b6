import { createApp } from 'vue';
import SignIn from './SignIn.vue';
import { signIn } from './sign-in';

await signIn.resume().catch(() => undefined); // the user who is signed in, or an unfinished sign-in
createApp(SignIn).mount('#app');
