package contract

// Attributes of the functions' log lines that `emailotp doctor` reads.
const (
	// LogRows is the number of rows in the session of define's event.
	LogRows = "rows"
	// LogUnknownName is the form of the name in the event of an unknown user: "typed", or "uuid"
	// with the version digit.
	LogUnknownName = "unknownName"
	// LogClientMetadata is the number of the client's metadata in the event.
	LogClientMetadata = "clientMetadata"
)
