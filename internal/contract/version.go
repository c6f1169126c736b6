package contract

// VersionMark stands in a function's description between its name and the version of its program,
// where that is known: "EmailOTP create-auth-challenge (password), version v1.4.0".
const VersionMark = ", version "
