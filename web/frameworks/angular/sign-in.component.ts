import { Component, computed, signal } from '@angular/core';
import { english, signIn, type ProblemID } from './sign-in';

@Component({
  selector: 'app-sign-in',
  template: `
    @if (state(); as s) { @if (s.step === 'signed-in') { <button (click)="signIn.signOut()">Sign {{ s.session.email }} out</button> } @else {
      <form novalidate (submit)="submit($event, field)">
        <label>{{ s.step === 'code' ? 'Code' : 'Email' }} <input #field [autocomplete]="s.step === 'code' ? 'one-time-code' : 'username'"></label>
        <button>Continue</button> <p role="alert">{{ said() }}</p>
        @if (s.step === 'code' && s.challenge.resendsLeft) { <button type="button" (click)="run(signIn.resend())">Send the email again</button> }
      </form> } }`,
})
export class SignIn {
  readonly signIn = signIn;
  readonly state = signal(signIn.state);
  readonly problem = signal<ProblemID | undefined>(undefined);
  readonly said = computed(() => english(this.state(), this.problem()));
  constructor() { signIn.subscribe((state) => this.state.set(state)); }
  submit(event: Event, field: HTMLInputElement) {
    event.preventDefault();
    this.run(this.state().step === 'code' ? signIn.answer(field.value) : signIn.start(field.value), () => { field.value = ''; });
  }
  run(action: Promise<unknown>, done = () => {}) {
    this.problem.set(undefined);
    action.then(done, (error) => this.problem.set(error.id));
  }
}
