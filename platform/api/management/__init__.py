"""The management doors: a resource a module, each thin over the services that pages use too."""
