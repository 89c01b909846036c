pub struct Lock;
