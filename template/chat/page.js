import { connect, describeError } from 'nnrp-rx';

const form = document.querySelector('form');
const prompt = document.querySelector('input');
const button = document.querySelector('button');
const log = document.querySelector('main');

let running;

function add(className, text) {
  const paragraph = document.createElement('p');
  paragraph.className = className;
  paragraph.textContent = text;
  log.append(paragraph);
  return paragraph;
}

/** A question, and its answer as it comes. */
function show(question, results) {
  add('question', question);
  const paragraph = add('answer', '');
  const write = (text) => {
    paragraph.append(text);
    paragraph.scrollIntoView({ block: 'end' });
  };
  const answer = results.text$.subscribe({
    next: write,
    error: (error) => write(` (${describeError(error)})`),
  });
  running = answer;
  button.textContent = 'Stop';
  answer.add(() => {
    if (running !== answer) return;
    running = undefined;
    button.textContent = 'Send';
  });
}

const client = await connect(`${location.origin.replace('http', 'ws')}/nnrp`);

// The session that this tab had before it was loaded again, or another.
const session = await client
  .resumeSession(sessionStorage.getItem('ticket') ?? '', { reconnect: {} })
  .catch(() => client.openSession({ reconnect: {} }));
session.ticket$.subscribe((ticket) => sessionStorage.setItem('ticket', ticket));
for (const { sent, results } of session.operations ?? []) show(sent?.text ?? '', results);

form.addEventListener('submit', (event) => {
  event.preventDefault();
  if (running !== undefined) {
    // The server's generator ends with it.
    running.unsubscribe();
  } else if (prompt.value !== '') {
    show(prompt.value, session.submit({ body: prompt.value }));
    prompt.value = '';
  }
});
button.disabled = false;
