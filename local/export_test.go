package local

// OnlyPath makes findProgram look in PATH alone, until the returned function
// is called.
func OnlyPath() (restore func()) {
	folders := serverFolders
	serverFolders = nil
	return func() { serverFolders = folders }
}
