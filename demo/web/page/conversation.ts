import type { Subscription } from 'rxjs';
import { decodeText, describeError, type ClientSession } from '../../../src/browser';

/** One session: a prompt, the answers so far, and how fast they came. */
export class Conversation {
  private readonly form: HTMLFormElement;
  private readonly prompt: HTMLInputElement;
  private readonly button: HTMLButtonElement;
  private readonly log: HTMLElement;
  private readonly figures: HTMLElement;
  private session: ClientSession | undefined;
  private answer: Subscription | undefined;
  private shown: Shown | undefined;
  private credit = '';

  constructor(
    root: HTMLElement,
    readonly name: string,
  ) {
    this.form = part(root, 'form');
    this.prompt = part(root, 'input');
    this.button = part(root, 'button');
    this.log = part(root, '.log');
    this.figures = part(root, '.figures');
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.answer === undefined) this.ask();
      else this.stop();
    });
  }

  get sessionId(): number | undefined {
    return this.session?.sessionId;
  }

  /** Talks over a session from here on. */
  use(session: ClientSession): void {
    this.session = session;
    session.credit$.subscribe({
      next: ({ granted, inFlight, waiting }) => {
        this.credit = `credit ${granted - inFlight} of ${granted}, ${waiting} waiting`;
        this.showFigures();
      },
    });
    this.button.disabled = false;
  }

  private ask(): void {
    const { session } = this;
    const prompt = this.prompt.value.trim();
    if (session === undefined || prompt === '') return;
    const question = document.createElement('p');
    question.className = 'question';
    question.textContent = prompt;
    const paragraph = document.createElement('p');
    paragraph.className = 'answer';
    this.log.append(question, paragraph);
    this.prompt.value = '';
    const shown = new Shown(paragraph);
    this.shown = shown;
    this.button.textContent = 'Stop';
    this.answer = session
      .submit({ body: prompt })
      .pipe(decodeText())
      .subscribe({
        next: (token) => {
          shown.add(token);
          this.log.scrollTop = this.log.scrollHeight;
          this.showFigures();
        },
        error: (error: unknown) => {
          paragraph.append(` (${describeError(error)})`);
          this.end();
        },
        complete: () => {
          this.end();
        },
      });
  }

  private stop(): void {
    this.answer?.unsubscribe();
    this.shown?.markStopped();
    this.end();
  }

  private end(): void {
    this.answer = undefined;
    this.button.textContent = 'Send';
    this.showFigures();
  }

  private showFigures(): void {
    this.figures.textContent = [this.shown?.figures, this.credit].filter(Boolean).join(' · ');
  }
}

/** An answer as it comes, and its figures. */
class Shown {
  private readonly asked = performance.now();
  private first: number | undefined;
  private last = 0;
  private tokens = 0;

  constructor(private readonly element: HTMLElement) {}

  add(token: string): void {
    this.element.append(token);
    this.last = performance.now();
    this.first ??= this.last;
    this.tokens += 1;
  }

  markStopped(): void {
    this.element.append(' ⏹');
  }

  /** `81 tokens · 58 a second · first after 12 ms` */
  get figures(): string {
    if (this.first === undefined) return 'waiting for the first token';
    const seconds = (this.last - this.first) / 1_000;
    const rate = seconds > 0 ? `${Math.round((this.tokens - 1) / seconds)} a second · ` : '';
    return `${this.tokens} tokens · ${rate}first after ${Math.round(this.first - this.asked)} ms`;
  }
}

function part<E extends Element>(root: Element, selector: string): E {
  const found = root.querySelector<E>(selector);
  if (found === null) throw new Error(`the page has no ${selector}`);
  return found;
}
