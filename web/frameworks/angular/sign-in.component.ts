import { Component, signal } from '@angular/core';
import { signIn } from './sign-in';

@Component({
  selector: 'app-sign-in',
  template: `
    @if (state(); as s) { @if (s.step === 'signed-in') { <button (click)="signIn.signOut()">Sign {{ s.session.email }} out</button> } @else {
      <form (submit)="submit($event, field.value)">
        <label>{{ s.step === 'code' ? 'Code' : 'Email' }} <input #field [autocomplete]="s.step === 'code' ? 'one-time-code' : 'username'"></label>
        <button>Continue</button> <p role="alert">{{ problem() }}</p>
      </form> } }`,
})
export class SignIn {
  readonly signIn = signIn;
  readonly state = signal(signIn.state);
  readonly problem = signal('');
  constructor() { signIn.subscribe((state) => this.state.set(state)); }
  submit(event: Event, text: string) {
    event.preventDefault();
    const next = this.state().step === 'code' ? signIn.answer(text) : signIn.start(text);
    next.then(() => this.problem.set(''), (error) => this.problem.set(error.id));
  }
}
