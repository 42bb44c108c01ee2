// What the pages of the tests have as `nnrp`: the entry that bundlers take for browsers, and RxJS.
export * from '../../../src/browser';
export * as rx from 'rxjs';
