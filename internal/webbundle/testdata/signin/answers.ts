import { digits } from './challenge';

report(cases.map(({ typed }) => digits(typed)));
