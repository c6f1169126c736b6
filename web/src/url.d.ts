/** What is imported as "file?url" is a file beside the script, and the import is its URL relative to that. */
declare module '*?url' {
  const url: string;
  export default url;
}
