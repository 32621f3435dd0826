"""Tables in, decisions out: CSV, Parquet, Dask."""
