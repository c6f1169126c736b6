package codes

import "time"

func init() { timeout = time.Minute }
